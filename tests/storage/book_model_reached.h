// How often what is rare came to pass in random work on the books: a run that never gets there proves nothing.
#pragma once

#include <gtest/gtest.h>

namespace titip::storage {

struct Reached {
  int blocked = 0;
  int held_for_requirement = 0;
  int taken_back = 0;
  int dragged_along = 0;
  int replaced = 0;
  int bound_in_doubt = 0;
  int freed = 0;
  int passed_the_head = 0;
  int read_back = 0;
  int erased = 0;
  int nothing_there = 0;
  int let_go = 0;

  Reached& operator+=(const Reached& other) {
    blocked += other.blocked;
    held_for_requirement += other.held_for_requirement;
    taken_back += other.taken_back;
    dragged_along += other.dragged_along;
    replaced += other.replaced;
    bound_in_doubt += other.bound_in_doubt;
    freed += other.freed;
    passed_the_head += other.passed_the_head;
    read_back += other.read_back;
    erased += other.erased;
    nothing_there += other.nothing_there;
    let_go += other.let_go;
    return *this;
  }

  void expect_enough() const {
    EXPECT_GT(blocked, 100);
    EXPECT_GT(held_for_requirement, 100);
    EXPECT_GT(taken_back, 20);
    EXPECT_GT(dragged_along, 5);
    EXPECT_GT(nothing_there, 100);
    EXPECT_GT(let_go, 3);
    EXPECT_GT(replaced, 20);
    EXPECT_GT(bound_in_doubt, 50);
    EXPECT_GT(freed, 20);
    EXPECT_GT(passed_the_head, 20);
    EXPECT_GT(read_back, 50);
    EXPECT_GT(erased, 20);
  }
};

}  // namespace titip::storage
